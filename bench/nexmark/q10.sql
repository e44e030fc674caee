SELECT strftime('date=%Y-%m-%d/hour=%H/minute=%M', time / 1000, 'unixepoch') AS folder, auction, bidder, price, iso(time) AS time, extra FROM bids
