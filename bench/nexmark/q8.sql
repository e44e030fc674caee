SELECT iso(period * 10000) AS window_start, iso((period + 1) * 10000) AS window_end, id, name, count(*) AS auctions
FROM (SELECT id, name, time / 10000 AS period FROM persons)
JOIN (SELECT seller, time / 10000 AS opened FROM auctions) ON seller = id AND opened = period
GROUP BY period, id, name
