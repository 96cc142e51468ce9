-- A browser sends the password that it remembers for Orthanc's own pages with every request to Orthanc, whichever page makes
-- it. This filter lets Orthanc answer its own pages, programs, and people who follow a link or type the address.
function IncomingHttpRequestFilter(method, uri, ip, username, httpHeaders)
   local origin = httpHeaders['origin']
   if origin ~= nil and origin ~= 'http://' .. (httpHeaders['host'] or '') and origin ~= 'https://' .. (httpHeaders['host'] or '') then
      return false
   end
   local site = httpHeaders['sec-fetch-site']
   if site == nil or site == 'same-origin' or site == 'none' then
      return true
   end
   return method == 'GET' and httpHeaders['sec-fetch-mode'] == 'navigate' and httpHeaders['sec-fetch-dest'] == 'document'
end
