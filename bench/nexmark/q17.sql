SELECT iso(time / 86400000 * 86400000) AS window_start, iso((time / 86400000 + 1) * 86400000) AS window_end,
  auction,
  count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) AS rank1_bids,
  count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
  count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
  min(price) AS min_price, max(price) AS max_price, avg(price) AS average_price, sum(price) AS sum_price
FROM bids GROUP BY auction, time / 86400000
