-- Take a slot and a place in each window of a call, or nothing. See limits.py.
--
-- KEYS: slots, outage, queue, windows …, holds …
-- ARGV: number of windows, number of slots, lease, member, place in the queue, then limit, bucket width, easing and share
-- of each window.
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

-- Milliseconds until so many calls of a full window are free.
local function wait_for(needed, buckets, used, limit, width)
  local free, wait = limit - used, 0
  for _, bucket in ipairs(buckets) do
    free = free + bucket[2]
    wait = (bucket[1] + 61) * width - now
    if free >= needed then break end
  end
  return wait
end

-- How many wait for a window that they share, up to and with this one. Whoever does not come again loses its place.
local function turn(width)
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - 120 * width)
  redis.call('ZADD', KEYS[3], 'NX', now, ARGV[5])
  redis.call('PEXPIRE', KEYS[3], 120 * width)
  return redis.call('ZRANK', KEYS[3], ARGV[5]) + 1
end

-- The calls that are worth coming for: a worker that came for each single one would not get far.
local function worth_coming_for(limit, width, share)
  if share == 0 then return math.max(1, math.floor(limit / 4)) end
  return math.min(limit, turn(width) * share)
end

local answer = {'taken', 0, 0}
for window = 1, windows do
  local limit, width = tonumber(ARGV[window * 4 + 2]), tonumber(ARGV[window * 4 + 3])
  local share = tonumber(ARGV[window * 4 + 5])
  local current = math.floor(now / width)
  local buckets = buckets_of(KEYS[window + 3], current)
  local used, lately = 0, 0
  for _, bucket in ipairs(buckets) do
    used = used + bucket[2]
    if bucket[1] == current then lately = bucket[2] end
  end
  if used >= limit then
    stands_in_the_way(wait_for(worth_coming_for(limit, width, share), buckets, used, limit, width), window)
  elseif ARGV[window * 4 + 4] == '1' and used * 2 >= limit and lately * 120 >= limit then
    stands_in_the_way((current + 1) * width - now, window)
  end
  answer[window + 3] = ((buckets[1] and buckets[1][1] or current) + 61) * width - now
end
for hold = windows + 4, #KEYS do
  stands_in_the_way(redis.call('PTTL', KEYS[hold]), hold - 3)
end
if which > 0 then return {'wait', longest, which} end

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return {'busy', 0, 0} end

for window = 1, windows do
  local width = tonumber(ARGV[window * 4 + 3])
  redis.call('HINCRBY', KEYS[window + 3], math.floor(now / width), 1)
  redis.call('PEXPIRE', KEYS[window + 3], width * 62)
end
redis.call('ZREM', KEYS[3], ARGV[5])
redis.call('ZADD', KEYS[1], now + lease, ARGV[4])
redis.call('PEXPIRE', KEYS[1], lease)
-- While the partner is down this call is the probe, and the others wait for what becomes of it.
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('SET', KEYS[#KEYS], 1, 'PX', lease) end
return answer
