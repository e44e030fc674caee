SELECT auction, bidder, price, channel, url, iso(bids.time) AS bid_time, extra,
  item, description, initial_bid, reserve, iso(auctions.time) AS opened, iso(expires) AS expires, seller, category
FROM bids JOIN auctions ON auction = id
WHERE category = 10
