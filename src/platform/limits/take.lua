-- The same arithmetic as `one_more`, over several buckets at once and by Redis' own clock.
-- KEYS: the buckets. ARGV: for each its interval and its allowance, in microseconds.
-- Returns 0 when one was taken from each, else how long to wait.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local next, longest = {}, 0
for place, key in ipairs(KEYS) do
    local interval = tonumber(ARGV[2 * place - 1])
    local allowance = tonumber(ARGV[2 * place])
    local paid = tonumber(redis.call('GET', key) or '0')
    next[place] = math.max(paid, now) + interval
    longest = math.max(longest, next[place] - allowance - now)
end
if longest > 0 then
    return longest
end
for place, key in ipairs(KEYS) do
    local lasts = math.ceil((next[place] - now) / 1000)
    redis.call('SET', key, string.format('%.0f', next[place]), 'PX', lasts)
end
return 0
