WITH steps AS (
  SELECT bidder, time, coalesce(time - lag(time) OVER (PARTITION BY bidder ORDER BY time) >= 10000, 1) AS begins FROM bids
), sessions AS (
  SELECT bidder, time, sum(begins) OVER (PARTITION BY bidder ORDER BY time ROWS UNBOUNDED PRECEDING) AS session FROM steps
)
SELECT iso(min(time)) AS window_start, iso(max(time) + 10000) AS window_end, bidder, count(*) AS bids
FROM sessions GROUP BY bidder, session
