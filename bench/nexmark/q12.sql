SELECT iso(ms(arrived_at) / 10000 * 10000) AS window_start, iso((ms(arrived_at) / 10000 + 1) * 10000) AS window_end, bidder, count(*) AS bids
FROM answer.arrived
GROUP BY ms(arrived_at) / 10000, bidder
