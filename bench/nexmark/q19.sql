SELECT * FROM (
  SELECT row_number() OVER (PARTITION BY auction ORDER BY price DESC, time, rowid) AS rank, iso(time) AS time, auction, bidder, price, channel, url, extra FROM bids
)
WHERE rank <= 10
