WITH calculated AS (SELECT *, price * 908 / 1000.0 AS euros, time / 3600000 % 24 AS hour FROM bids)
SELECT auction, bidder, euros AS price,
  CASE WHEN hour BETWEEN 8 AND 18 THEN 'dayTime' WHEN hour <= 6 OR hour >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bid_time_type,
  iso(time) AS time, extra, length(extra) - length(replace(extra, 'c', '')) AS c_counts
FROM calculated WHERE euros > 1000000 AND euros < 50000000
