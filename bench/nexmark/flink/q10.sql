SELECT auction, bidder, price, rt, extra, DATE_FORMAT(rt, 'yyyy-MM-dd') AS dt, DATE_FORMAT(rt, 'HH-mm') AS hm FROM bid
