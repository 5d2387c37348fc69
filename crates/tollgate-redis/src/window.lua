-- Applies checks one after the other; each counts all of its operations or none. The arithmetic is that of
-- tollgate_engine::counters::Window, in microseconds of this server.
-- KEYS: of each operation its counter. ARGV[1]: doubles; of each check the number of its operations, of each operation
-- limit, period (-1: it never ends), fixed, kind, count, age. ARGV[2]: how far an age may be off.
-- Answers doubles: of each operation whether it is allowed, what remains, how long to wait.
local time = redis.call('TIME')
local clock = time[1] * 1000000 + time[2]
local slack = tonumber(ARGV[2])
local CHECK, TAKE, ADD, RESERVE, RELEASE = 0, 1, 2, 3, 4
local MOMENTS, MOST = 16, 9007199254740991
local counters, changed = {}, {}

-- A counter is a list: time, count, time, count, ...
local function counter(key)
  local moments = counters[key]
  if not moments then
    local text = redis.call('GET', key)
    moments = text and cmsgpack.unpack(text) or {}
    counters[key] = moments
  end
  return moments
end

local function cut(moments, length)
  for index = #moments, length + 1, -1 do moments[index] = nil end
end

local function retain(moments, keeps)
  local to = 0
  for from = 1, #moments, 2 do
    local at, count = moments[from], moments[from + 1]
    if keeps(at, count) then
      moments[to + 1], moments[to + 2] = at, count
      to = to + 2
    end
  end
  cut(moments, to)
end

local function slides(op) return not op.fixed and op.period >= 0 end

local function forget(moments, op)
  local now = math.max(clock, moments[#moments - 1] or 0)
  if slides(op) then
    retain(moments, function(at) return at > now - op.period end)
  end
  return now
end

local function used(moments)
  local sum = 0
  for index = 2, #moments, 2 do sum = math.min(MOST, sum + moments[index]) end
  return sum
end

local function left(moments, op) return math.max(0, op.limit - used(moments)) end

local function retry_after(moments, op, now, most)
  local sum = used(moments)
  for index = 1, #moments, 2 do
    sum = math.max(0, sum - moments[index + 1])
    if sum <= most then return math.max(0, moments[index] + op.period - now) end
  end
  return op.period
end

local function check(op)
  local moments = counter(op.key)
  local now = forget(moments, op)
  local free, needs, wait = left(moments, op), nil, 0
  if op.kind == CHECK or op.kind == TAKE then needs = 1 end
  if op.kind == RESERVE then needs = math.max(1, op.count) end
  local allowed = not needs or needs <= free
  if not allowed then wait = retry_after(moments, op, now, math.max(0, op.limit - needs)) end
  return allowed, free, wait
end

local function merge(moments, op)
  local part, to = math.max(1, math.floor(op.period / MOMENTS)), 0
  for from = 1, #moments, 2 do
    local at, count = moments[from], moments[from + 1]
    if to > 0 and math.floor(moments[to - 1] / part) == math.floor(at / part) then
      moments[to - 1], moments[to] = at, math.min(MOST, moments[to] + count)
    else
      moments[to + 1], moments[to + 2] = at, count
      to = to + 2
    end
  end
  cut(moments, to)
end

local function push(moments, op, now)
  local last = #moments
  if last > 0 and (moments[last - 1] == now or not slides(op)) then
    moments[last - 1], moments[last] = now, math.min(MOST, moments[last] + op.count)
    return
  end
  moments[last + 1], moments[last + 2] = now, op.count
  if last + 2 > 2 * MOMENTS then merge(moments, op) end
end

local function release(moments, op, since)
  local count = op.count
  for index = 1, #moments, 2 do
    if moments[index] >= since or not slides(op) then
      local part = math.min(moments[index + 1], count)
      moments[index + 1] = moments[index + 1] - part
      count = count - part
    end
  end
  retain(moments, function(_, kept) return kept > 0 end)
end

local function add(op)
  local moments = counter(op.key)
  local now = forget(moments, op)
  if op.kind == RELEASE then
    -- Released too early an age must not be: the oldest it may be counts.
    local since = now - op.age - slack
    if not slides(op) or since > now - op.period then
      release(moments, op, since)
      changed[op.key] = op
    end
  elseif op.kind ~= CHECK and op.count > 0 then
    push(moments, op, now)
    changed[op.key] = op
  end
  return left(moments, op)
end

local answers, at, key = {}, 1, 0
while at <= #ARGV[1] do
  local length
  length, at = struct.unpack('<d', ARGV[1], at)
  local ops, states, allowed = {}, {}, true
  for index = 1, length do
    local op = {}
    key = key + 1
    op.key = KEYS[key]
    op.limit, op.period, op.fixed, op.kind, op.count, op.age, at = struct.unpack('<dddddd', ARGV[1], at)
    op.fixed = op.fixed == 1
    ops[index] = op
    local may, free, wait = check(op)
    allowed = allowed and may
    states[index] = { may and 1 or 0, free, wait }
  end
  for index, op in ipairs(ops) do
    local state = states[index]
    if allowed then state[2] = add(op) end
    answers[#answers + 1] = struct.pack('<ddd', state[1], state[2], state[3])
  end
end

for name, op in pairs(changed) do
  local moments = counters[name]
  if #moments == 0 then
    redis.call('DEL', name)
  elseif op.period < 0 then
    redis.call('SET', name, cmsgpack.pack(moments))
  else
    -- A minute more for a window that a slow clock still counts in.
    local keep = math.ceil(op.period / 1000) + (op.fixed and 60000 or 1)
    redis.call('SET', name, cmsgpack.pack(moments), 'PX', string.format('%.0f', keep))
  end
end
return table.concat(answers)
