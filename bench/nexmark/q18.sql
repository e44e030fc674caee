SELECT iso(time) AS time, auction, bidder, price, channel, url, extra
FROM (SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY time DESC, rowid DESC) AS place FROM bids)
WHERE place = 1
