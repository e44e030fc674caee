WITH offers AS (
  SELECT id, seller, price, bids.time AS bid_time, row_number() OVER (PARTITION BY id ORDER BY price DESC, bids.time, bids.rowid) AS place
  FROM auctions JOIN bids ON bids.auction = auctions.id AND bids.time BETWEEN auctions.time AND auctions.expires
)
SELECT seller, id, avg(price) OVER (PARTITION BY seller ORDER BY bid_time, id ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS average
FROM offers WHERE place = 1
