using System.Buffers;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.DurableStreams;

/// <summary>
/// Returns what is stored from an offset on, up to a limit: a client that gets no <c>Stream-Up-To-Date</c> continues immediately.
/// </summary>
public sealed class CatchUp(IGenerationStore store)
{
    private const int MaxBytes = 256 * 1024;

    public async Task<IResult> AnswerAsync(HttpContext http, DurableRead at, GenerationRecord record)
    {
        var slice = at.IsNow ? default : await store.ReadAsync(at.Generation.Id, at.Position, MaxBytes, http.RequestAborted) ?? default;
        var to = at.Position + slice.Bytes.Length;
        var closed = slice.Ended is not null || record.Status != GenerationStatus.Running && to >= record.End;
        var upToDate = closed || to >= record.End;
        WriteHeaders(http, at.IsText, to, upToDate, closed);
        if (at.IsNow)
        {
            http.Response.Headers.CacheControl = "no-store";
        }
        else
        {
            // Data between two offsets never changes and can be cached. A response that ends at an open tail must be revalidated, as more
            // may follow.
            var tag = $"\"{at.Generation.Info.GenerationId}:{(at.IsText ? "t" : "j")}:{at.Position}:{to}:{(closed ? "c" : "o")}\"";
            http.Response.Headers.ETag = tag;
            http.Response.Headers.CacheControl = upToDate && !closed ? "private, no-cache" : "private, max-age=60";
            if (
                http.Request.Headers.IfNoneMatch.Count > 0
                && http.Request.GetTypedHeaders().IfNoneMatch.Any(other => other.Tag == tag || other.Tag == "*")
            )
            {
                return Results.StatusCode(StatusCodes.Status304NotModified);
            }
        }

        return Body(http, at.IsText, slice);
    }

    internal static void WriteHeaders(HttpContext http, bool isText, long to, bool upToDate, bool closed)
    {
        http.Response.ContentType = isText ? DurableEntries.TextContentType : DurableEntries.JsonContentType;
        http.Response.Headers[DurableStreamReads.NextOffset] = DurableOffsets.Format(to);
        if (upToDate)
        {
            http.Response.Headers[DurableStreamReads.UpToDate] = "true";
        }

        if (closed)
        {
            http.Response.Headers[DurableStreamReads.Closed] = "true";
        }
    }

    internal static IResult Body(HttpContext http, bool isText, in LogSlice slice)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        if (isText)
        {
            DurableEntries.WriteText(slice, output);
        }
        else
        {
            DurableEntries.WriteArray(slice, output);
        }

        return Results.Bytes(output.WrittenMemory, http.Response.ContentType);
    }
}
