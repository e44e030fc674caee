SELECT iso(time) AS time, auction, bidder, price * 89 / 100 AS price FROM bids
