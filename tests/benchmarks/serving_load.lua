-- Sends the lines of the file BODIES as POST requests, one after the other, with the headers of HEADERS
-- ("Name: value" lines), and prints what came of it as one JSON line.
local bodies, turn = {}, 0
for line in io.lines(os.getenv("BODIES")) do table.insert(bodies, line) end

local headers = { ["Content-Type"] = "application/json" }
for name, value in string.gmatch(os.getenv("HEADERS") or "", "([^\n:]+): ([^\n]+)") do headers[name] = value end

-- Written before the measurement begins, so that the generator costs as little as it can.
local messages = {}
function init()
  for _, body in ipairs(bodies) do table.insert(messages, wrk.format("POST", nil, headers, body)) end
end

function request()
  turn = turn % #messages + 1
  return messages[turn]
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local line = '\n{"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "failed": %d}\n'
  io.write(string.format(line, summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
