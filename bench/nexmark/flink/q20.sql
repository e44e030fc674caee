SELECT B.auction, B.bidder, B.price, B.channel, B.url, B.`time` AS bid_time, B.extra,
  A.item, A.description, A.initial_bid, A.reserve, A.`time` AS opened, A.expires, A.seller, A.category
FROM bid B INNER JOIN auction A ON B.auction = A.id WHERE A.category = 10
