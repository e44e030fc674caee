WITH highest AS (SELECT time / 10000 AS period, max(price) AS price FROM bids GROUP BY period)
SELECT iso((period + 1) * 10000) AS window_end, iso(time) AS time, auction, bidder, bids.price
FROM bids JOIN highest ON period = time / 10000 AND highest.price = bids.price
