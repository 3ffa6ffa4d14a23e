-- One limit for several processes: what shared.py runs in Redis, for a batch of calls at once.
--
-- KEYS[1] is the account's hash, KEYS[2] and on are the holds of the lanes that the batch names.  ARGV[1] is JSON:
--   slack    microseconds by which a call may catch up
--   keep     milliseconds for which the hash outlives its last debt
--   settles  {meter, at, change}: corrections, in microseconds; at is when the call was granted, 0 for "lately"
--   holds    {key, milliseconds}: nobody sends in that lane for so long
--   asks     {key, requests, tokens, images}: a call's lane, and the microseconds that it takes of each meter; 0 if none
-- Returns the microseconds since 1970 at which all this happened, and as JSON the microseconds that each ask has to
-- wait, 0 for granted and taken.
--
-- Each meter is meter.py's: `paid` is when all that was taken is worked off, `since` when its busy period began.

local METERS = {'requests', 'tokens', 'images'}
local job = cjson.decode(ARGV[1])

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local stored = redis.call('HMGET', KEYS[1], 'at', 'requests', 'tokens', 'images',
                          'requests.since', 'tokens.since', 'images.since')

-- A clock that was set back, or another server's after a fail-over: debts are as long as they were.  `since` stays, so
-- that what was taken before gives nothing back in a period that it may not belong to.
local back = math.max(0, (tonumber(stored[1]) or now) - now)
local paid, since = {}, {}
for i = 1, #METERS do
  paid[i] = (tonumber(stored[1 + i]) or -math.huge) - back
  since[i] = tonumber(stored[4 + i]) or 0
end

-- Given back is only what was taken in the busy period that still runs: time has worked off the rest.
for _, settle in ipairs(job.settles) do
  local i, at, change = settle[1], settle[2], settle[3]
  if change > 0 or at == 0 or at >= since[i] then
    paid[i] = paid[i] + change
  end
end

for _, hold in ipairs(job.holds) do
  if redis.call('PTTL', KEYS[hold[1]]) < hold[2] then
    redis.call('SET', KEYS[hold[1]], '', 'PX', hold[2])
  end
end

local function held(lane)
  local left = redis.call('PTTL', KEYS[lane])
  return left < 0 and 0 or (left + 1) * 1000  -- what is left is rounded down, and a key lives through its last one
end

local closed, waits = {}, {}
for n, ask in ipairs(job.asks) do
  local lane = ask[1]
  local wait = closed[lane]  -- who was refused first in a lane is passed by nobody there
  if wait == nil then
    wait = held(lane)
    for i = 1, #METERS do
      if ask[1 + i] > 0 then
        wait = math.max(wait, paid[i] - job.slack - now)
      end
    end
    if wait > 0 then
      closed[lane] = wait
    else
      for i = 1, #METERS do
        if ask[1 + i] > 0 then
          if paid[i] <= now then  -- it stood idle: a new busy period
            paid[i], since[i] = now + job.slack, now
          end
          paid[i] = paid[i] + ask[1 + i]
        end
      end
    end
  end
  waits[n] = math.ceil(math.min(wait, 1e13))
end

-- Written every time, so that a server that may only be read is found out before it grants anything.
local fields, last = {'at', string.format('%.0f', now)}, now
for i, name in ipairs(METERS) do
  if paid[i] > -math.huge then
    last = math.max(last, paid[i])
    for _, word in ipairs({name, string.format('%.17g', paid[i]), name .. '.since', string.format('%.0f', since[i])}) do
      fields[#fields + 1] = word
    end
  end
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.min((last - now) / 1000 + job.keep, 1e12)))

return {string.format('%.0f', now), #waits == 0 and '[]' or cjson.encode(waits)}
