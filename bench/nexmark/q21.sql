WITH known AS (
  SELECT auction, bidder, price, channel,
    CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3'
      ELSE iif(instr(url, '&channel_id=') > 0, substr(url, instr(url, '&channel_id=') + 12), NULL) END AS channel_id
  FROM bids
)
SELECT * FROM known WHERE channel_id IS NOT NULL
