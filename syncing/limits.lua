-- Take a slot and a place in each window of a call, or nothing. See limits.py.
--
-- KEYS: slots, outage, windows …, holds …
-- ARGV: number of windows, number of slots, lease, member, then limit, bucket width and easing of each window.
-- Answers {verdict, milliseconds, which, …}:
--   taken: and for each window the milliseconds until its oldest call leaves it;
--   wait: the longest wait of all that stands in the way, and which that is, windows first, then holds;
--   busy: all slots are at work.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local windows = tonumber(ARGV[1])
local lease = tonumber(ARGV[3])
local longest, which = 0, 0

local function stands_in_the_way(milliseconds, place)
  if milliseconds > longest then longest, which = milliseconds, place end
end

-- The buckets of a window, oldest first, as {number, calls}; those that have left it are removed.
local function buckets_of(key, current)
  local kept, fields = {}, redis.call('HGETALL', key)
  for index = 1, #fields, 2 do
    local bucket = tonumber(fields[index])
    if bucket < current - 60 then
      redis.call('HDEL', key, fields[index])
    else
      kept[#kept + 1] = {bucket, tonumber(fields[index + 1])}
    end
  end
  table.sort(kept, function(one, other) return one[1] < other[1] end)
  return kept
end

-- Milliseconds until a quarter of a full window is free: a worker that came for each single call would not get far.
local function wait_for_a_quarter(buckets, used, limit, width)
  local free, wait = limit - used, 0
  for _, bucket in ipairs(buckets) do
    free = free + bucket[2]
    wait = (bucket[1] + 61) * width - now
    if free >= math.max(1, math.floor(limit / 4)) then break end
  end
  return wait
end

local answer = {'taken', 0, 0}
for window = 1, windows do
  local limit, width = tonumber(ARGV[window * 3 + 2]), tonumber(ARGV[window * 3 + 3])
  local current = math.floor(now / width)
  local buckets = buckets_of(KEYS[window + 2], current)
  local used, lately = 0, 0
  for _, bucket in ipairs(buckets) do
    used = used + bucket[2]
    if bucket[1] == current then lately = bucket[2] end
  end
  if used >= limit then
    stands_in_the_way(wait_for_a_quarter(buckets, used, limit, width), window)
  elseif ARGV[window * 3 + 4] == '1' and used * 2 >= limit and lately * 120 >= limit then
    stands_in_the_way((current + 1) * width - now, window)
  end
  answer[window + 3] = ((buckets[1] and buckets[1][1] or current) + 61) * width - now
end
for hold = windows + 3, #KEYS do
  stands_in_the_way(redis.call('PTTL', KEYS[hold]), hold - 2)
end
if which > 0 then return {'wait', longest, which} end

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return {'busy', 0, 0} end

for window = 1, windows do
  local width = tonumber(ARGV[window * 3 + 3])
  redis.call('HINCRBY', KEYS[window + 2], math.floor(now / width), 1)
  redis.call('PEXPIRE', KEYS[window + 2], width * 62)
end
redis.call('ZADD', KEYS[1], now + lease, ARGV[4])
redis.call('PEXPIRE', KEYS[1], lease)
-- While the partner is down this call is the probe, and the others wait for what becomes of it.
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('SET', KEYS[#KEYS], 1, 'PX', lease) end
return answer
