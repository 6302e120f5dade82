-- The same arithmetic as `one_more`, over several buckets at once and by Redis' own clock.
-- KEYS: the buckets, each with the key of who takes from it once ('' when every time counts).
-- ARGV: for each its interval and its allowance, in microseconds.
-- Returns 0 when one was taken from each, else how long to wait.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local next, longest = {}, 0
for place = 1, #KEYS / 2 do
    local key, once = KEYS[2 * place - 1], KEYS[2 * place]
    local interval = tonumber(ARGV[2 * place - 1])
    local allowance = tonumber(ARGV[2 * place])
    if once == '' or redis.call('EXISTS', once) == 0 then
        local paid = tonumber(redis.call('GET', key) or '0')
        next[place] = math.max(paid, now) + interval
        longest = math.max(longest, next[place] - allowance - now)
    end
end
if longest > 0 then
    return longest
end
for place, paid in pairs(next) do
    local key, once = KEYS[2 * place - 1], KEYS[2 * place]
    local lasts = math.ceil((paid - now) / 1000)
    redis.call('SET', key, string.format('%.0f', paid), 'PX', lasts)
    if once ~= '' then
        redis.call('SET', once, '', 'PX', math.ceil(tonumber(ARGV[2 * place]) / 1000))
    end
end
return 0
