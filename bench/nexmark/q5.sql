WITH counts AS (
  SELECT time - time % 2000 - 2000 * steps.value AS start, auction, count(*) AS bids
  FROM bids, json_each('[0, 1, 2, 3, 4]') AS steps
  GROUP BY start, auction
), ranked AS (
  SELECT start, auction, bids, max(bids) OVER (PARTITION BY start) AS most FROM counts
)
SELECT iso(start) AS window_start, iso(start + 10000) AS window_end, auction, bids FROM ranked WHERE bids = most
