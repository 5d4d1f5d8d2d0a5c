using System.Globalization;
using System.Text;

namespace Parley.Bench;

/// <summary>Encodes a request of the load generator. Its connection is used once.</summary>
internal static class HttpRequest
{
    public static byte[] Encode(Uri server, string method, string path, IEnumerable<string> headers, string? body)
    {
        var content = Encoding.UTF8.GetBytes(body ?? "");
        var head = new StringBuilder().Append(
            CultureInfo.InvariantCulture,
            $"{method} {path} HTTP/1.1\r\nHost: {server.Authority}\r\nAccept: text/event-stream\r\nConnection: close\r\n"
        );
        foreach (var header in headers)
        {
            head.Append(header).Append("\r\n");
        }

        if (body is not null)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {content.Length}\r\n");
        }

        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. content];
    }
}
