WITH hosts AS (SELECT *, substr(url, length('https://www.nexmark.com/') + 1) AS path FROM bids),
firsts AS (SELECT *, instr(path, '/') AS one, substr(path, instr(path, '/') + 1) AS behind FROM hosts),
seconds AS (SELECT *, instr(behind, '/') AS two, substr(behind, instr(behind, '/') + 1) AS last FROM firsts)
SELECT auction, bidder, price, channel, substr(path, 1, one - 1) AS dir1, substr(behind, 1, two - 1) AS dir2, substr(last, 1, instr(last, '/') - 1) AS dir3
FROM seconds
