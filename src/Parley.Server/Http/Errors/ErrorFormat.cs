using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Diagnostics;

namespace Parley.Server.Http.Errors;

/// <summary>
/// How a route writes errors. Endpoint metadata: what a route or its group declares also holds for what the pipeline refuses and for
/// exceptions. Routes that declare nothing write <see cref="ProblemDetailsFormat"/>.
/// </summary>
public abstract class ErrorFormat
{
    /// <summary>The media type of the bodies.</summary>
    public abstract string ContentType { get; }

    /// <summary>The members of the bodies, for the API document.</summary>
    public abstract Type BodyType { get; }

    /// <summary>Writes status, headers and body.</summary>
    public abstract Task WriteAsync(HttpContext http, Problem problem);

    /// <summary>A body, for the API document.</summary>
    public abstract JsonObject Example(int status, string code);

    /// <summary>The codes that clients see of errors with this status, where the format has codes of its own.</summary>
    public virtual IReadOnlyList<string> CodesOf(int status, IReadOnlyList<string> codes) => codes;

    /// <summary>The codes with which members of a body are refused, beyond those of any JSON body.</summary>
    public virtual IReadOnlyList<string> InvalidMemberCodes => [ErrorCodes.WrongType];

    /// <summary>The format of the route that a request matched.</summary>
    public static ErrorFormat Of(HttpContext http) => Of(http.MatchedEndpoint()?.Metadata);

    /// <summary>The format that this metadata declares.</summary>
    public static ErrorFormat Of(EndpointMetadataCollection? metadata) =>
        metadata?.GetMetadata<ErrorFormat>() ?? ProblemDetailsFormat.Instance;
}

public static class ErrorFormatExtensions
{
    /// <summary>Declares how a route or a group writes errors.</summary>
    public static TBuilder WithErrorFormat<TBuilder>(this TBuilder routes, ErrorFormat format)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(format);

    /// <summary>The endpoint of a request; also in the exception handler, for which the framework resets it.</summary>
    internal static Endpoint? MatchedEndpoint(this HttpContext http) =>
        http.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? http.GetEndpoint();
}
