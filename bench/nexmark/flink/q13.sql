SELECT B.auction, B.bidder, B.price, B.`time`, S.`value` FROM bid B JOIN side_input S ON MOD(B.auction, 10000) = S.key
