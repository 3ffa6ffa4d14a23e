-- One limit for several processes: what shared.py runs in Redis, for a batch of calls at once.
--
-- KEYS[1] is the account's state, KEYS[2] and on are the holds of the lanes that the batch names.  ARGV[1] is JSON:
--   slack    microseconds by which a call may catch up
--   keep     milliseconds for which the state outlives its last debt
--   settles  {meter, at, change}: corrections, in microseconds; at is when the call was granted, 0 for "lately"
--   holds    {key, milliseconds}: nobody sends in that lane for so long
--   asks     {key, requests, tokens, images}: a call's lane, and the microseconds that it takes of each meter; 0 if none
-- Returns the microseconds since 1970 at which all this happened, and as JSON the microseconds that each ask has to
-- wait, 0 for granted and taken.
--
-- Each meter is meter.py's: `paid` is when all that was taken is worked off, `since` when its busy period began.  The
-- state is seven doubles, in microseconds since 1970: when it was written, and paid and since of each meter.

local STATE, METERS, NEVER = '>ddddddd', 3, -math.huge
local job = cjson.decode(ARGV[1])

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local stored = redis.call('GET', KEYS[1])
local at, paid, since = now, {NEVER, NEVER, NEVER}, {0, 0, 0}
if stored then
  at, paid[1], since[1], paid[2], since[2], paid[3], since[3] = struct.unpack(STATE, stored)
end

-- A clock that was set back, or another server's after a fail-over: debts are as long as they were.  `since` stays, so
-- that what was taken before gives nothing back in a period that it may not belong to.
if at > now then
  for i = 1, METERS do
    paid[i] = paid[i] - (at - now)
  end
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

local left = {}
local function held(lane)
  if left[lane] == nil then
    left[lane] = redis.call('PTTL', KEYS[lane]) + 1  -- it was rounded down, and a key lives through its last one
  end
  return math.max(0, left[lane] * 1000)
end

local closed, waits = {}, {}
for n, ask in ipairs(job.asks) do
  local lane = ask[1]
  local wait = closed[lane]  -- who was refused first in a lane is passed by nobody there
  if wait == nil then
    wait = held(lane)
    for i = 1, METERS do
      if ask[1 + i] > 0 then
        wait = math.max(wait, paid[i] - job.slack - now)
      end
    end
    if wait > 0 then
      closed[lane] = wait
    else
      for i = 1, METERS do
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
local keep = math.max(0, paid[1] - now, paid[2] - now, paid[3] - now) / 1000 + job.keep
stored = struct.pack(STATE, now, paid[1], since[1], paid[2], since[2], paid[3], since[3])
redis.call('SET', KEYS[1], stored, 'PX', string.format('%.0f', math.min(keep, 1e12)))

return {string.format('%.0f', now), #waits == 0 and '[]' or cjson.encode(waits)}
