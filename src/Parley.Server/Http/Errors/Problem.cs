using System.Globalization;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Http.Errors;

/// <summary>An error before the first byte of the response. The route's <see cref="ErrorFormat"/> writes it.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">Stable, for programs; one of <see cref="ErrorCodes"/>.</param>
/// <param name="Detail">A sentence that a person can act on.</param>
/// <param name="Field">The member, parameter or header at fault.</param>
public sealed record Problem(int Status, string Code, string Detail, string? Field = null) : IResult
{
    /// <summary>The generation that failed; null for other errors.</summary>
    public GenerationInfo? Generation { get; init; }

    /// <summary>Seconds after which the same request may succeed.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Whether clients that retry by themselves should; null leaves it to the status.</summary>
    public bool? ShouldRetry { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (RetryAfter is { } seconds)
        {
            httpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return ErrorFormat.Of(httpContext).WriteAsync(httpContext, this);
    }
}
