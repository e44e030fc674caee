SELECT auction, bidder, price, iso(time) AS time, value FROM bids JOIN side_input ON key = auction % 10000
