SELECT iso(time) AS time, auction, bidder, price FROM bids
