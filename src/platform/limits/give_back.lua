-- Gives back what was taken once. KEYS and ARGV as for taking.
for place = 1, #KEYS / 2 do
    local key, once = KEYS[2 * place - 1], KEYS[2 * place]
    local paid = tonumber(redis.call('GET', key) or '0')
    if once ~= '' and redis.call('DEL', once) == 1 and paid > 0 then
        local less = paid - tonumber(ARGV[2 * place - 1])
        redis.call('SET', key, string.format('%.0f', less), 'KEEPTTL')
    end
end
return 0
