WITH offers AS (
  SELECT auctions.*, bidder, price, bids.time AS bid_time, row_number() OVER (PARTITION BY id ORDER BY price DESC, bids.time, bids.rowid) AS place
  FROM auctions JOIN bids ON bids.auction = auctions.id AND bids.time BETWEEN auctions.time AND auctions.expires
)
SELECT id, item, description, initial_bid, reserve, iso(time) AS opened, iso(expires) AS expires, seller, category, bidder, price, iso(bid_time) AS bid_time
FROM offers WHERE place = 1
