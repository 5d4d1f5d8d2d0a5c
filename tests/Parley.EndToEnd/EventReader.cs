using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Parley.EndToEnd;

/// <summary>One event as it came over the wire.</summary>
public readonly record struct StreamEvent(long Id, JsonElement Data)
{
    public string Type => Data.GetProperty("type").GetString()!;
}

/// <summary>
/// A strict reader of the native event stream, independent of the server's code: it returns only what a browser would show.
/// </summary>
public static class EventReader
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static async IAsyncEnumerable<StreamEvent> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        var held = 0;
        string? data = null,
            id = null;
        while (true)
        {
            if (held == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = await stream.ReadAsync(buffer.AsMemory(held), cancellationToken);
            if (read == 0)
            {
                yield break; // what is not closed by an empty line is not an event
            }

            held += read;
            var from = 0;
            while (buffer.AsSpan(from, held - from).IndexOf((byte)'\n') is var length and >= 0)
            {
                var line = Strict.GetString(buffer, from, length);
                from += length + 1;
                if (line.Length == 0)
                {
                    if (data is not null)
                    {
                        yield return new StreamEvent(
                            long.Parse(id!, System.Globalization.CultureInfo.InvariantCulture),
                            JsonElement.Parse(data)
                        );
                    }

                    data = id = null;
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    data = data is null ? line[6..] : $"{data}\n{line[6..]}";
                }
                else if (line.StartsWith("id: ", StringComparison.Ordinal))
                {
                    id = line[4..];
                }
                else if (line[0] != ':' && !line.StartsWith("retry: ", StringComparison.Ordinal))
                {
                    throw new ViolationException($"a line that is none of the format: {line}");
                }
            }

            buffer.AsSpan(from, held - from).CopyTo(buffer);
            held -= from;
        }
    }
}
