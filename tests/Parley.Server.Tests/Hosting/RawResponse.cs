using System.Globalization;
using System.Text;

namespace Parley.Server.Tests.Hosting;

/// <summary>The bytes received of an HTTP/1.1 response, parsed.</summary>
/// <param name="Status">The status; 0 until all headers were received.</param>
/// <param name="Headers">The headers.</param>
/// <param name="Body">The body so far, without chunk headers.</param>
/// <param name="IsWhole">The response ended regularly, which a client can tell from a connection that was cut.</param>
/// <param name="Length">The number of bytes received.</param>
internal sealed record RawResponse(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body, bool IsWhole, int Length)
{
    private static readonly Dictionary<string, string> None = [];

    public static RawResponse Parse(ReadOnlySpan<byte> bytes)
    {
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return new RawResponse(0, None, [], false, bytes.Length);
        }

        var lines = Encoding.Latin1.GetString(bytes[..head]).Split("\r\n");
        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = lines[1..]
            .Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = bytes[(head + 4)..];
        if (status is 204 or 304)
        {
            return new RawResponse(status, headers, [], true, bytes.Length);
        }

        if (!headers.ContainsKey("Transfer-Encoding"))
        {
            return new RawResponse(
                status,
                headers,
                body.ToArray(),
                body.Length == int.Parse(headers["Content-Length"], CultureInfo.InvariantCulture),
                bytes.Length
            );
        }

        using var joined = new MemoryStream();
        while (true)
        {
            var line = body.IndexOf("\r\n"u8);
            if (line < 0)
            {
                return new RawResponse(status, headers, joined.ToArray(), false, bytes.Length);
            }

            var size = int.Parse(Encoding.ASCII.GetString(body[..line]), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body = body[(line + 2)..];
            if (size == 0)
            {
                return new RawResponse(status, headers, joined.ToArray(), body.StartsWith("\r\n"u8), bytes.Length);
            }

            joined.Write(body[..Math.Min(size, body.Length)]);
            if (body.Length < size + 2)
            {
                return new RawResponse(status, headers, joined.ToArray(), false, bytes.Length);
            }

            body = body[(size + 2)..];
        }
    }
}
