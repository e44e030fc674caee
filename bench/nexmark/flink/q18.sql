SELECT auction, bidder, price, channel, url, `time`, extra
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY rt DESC) AS rank_number FROM bid)
WHERE rank_number <= 1
