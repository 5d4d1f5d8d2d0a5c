using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Parley.Server.Data.Sql;
using Parley.Server.RateLimiting;

namespace Parley.Server.OpenApi;

/// <summary><c>GET /openapi/v1.json</c>: the API as an OpenAPI 3.1 document. <c>GET /reference</c>: the same as a page.</summary>
public static class ApiDescription
{
    private const string Name = "v1",
        DocumentPath = "/openapi/v1.json",
        PagePath = "/reference";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) =>
        services
            .AddSingleton<ApiDocument>()
            .AddOpenApi(Name, static options =>
            {
                options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
                options.AddOperationTransformer<OperationTransformer>();
                options.AddDocumentTransformer<DocumentTransformer>();
            });

    public static void MapApiDescription(this IEndpointRouteBuilder routes) =>
        routes.MapGet(DocumentPath, Handle).CountedAs(RateBucket.Open).ExcludeFromDescription();

    /// <summary>Serves the page. Its library is loaded when somebody looks.</summary>
    public static void UseApiReference(this WebApplication app)
    {
        var page = new Lazy<RequestDelegate>(() => Page(((IApplicationBuilder)app).New()));
        app.Use((http, next) => http.Request.Path.StartsWithSegments(PagePath) ? page.Value(http) : next(http));
    }

    /// <summary>The page, whose scripts and styles are its library's, from this server.</summary>
    private static RequestDelegate Page(IApplicationBuilder page) =>
        page.UseSwaggerUI(static options =>
            {
                options.RoutePrefix = PagePath[1..];
                options.DocumentTitle = "Parley: the HTTP API";
                options.SwaggerEndpoint(DocumentPath, "Parley");
                options.DefaultModelsExpandDepth(0);
                options.EnableDeepLinking();
                options.EnableFilter();
            })
            .Build();

    private static async Task<IResult> Handle(ApiDocument document, HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-cache";
        var bytes = await document.Bytes;
        return Results.Bytes(
            bytes,
            "application/json; charset=utf-8",
            entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"")
        );
    }

    /// <summary>The document, made when it is first asked for: routes do not change while the server runs.</summary>
    private sealed class ApiDocument([FromKeyedServices(Name)] IOpenApiDocumentProvider provider)
    {
        private readonly Lazy<Task<byte[]>> _bytes = new(() =>
            Task.Run(async () =>
            {
                var document = await provider.GetOpenApiDocumentAsync();
                using var text = new StringWriter(CultureInfo.InvariantCulture);
                document.SerializeAsV31(new OpenApiJsonWriter(text, new OpenApiJsonWriterSettings { Terse = true }));
                return Encoding.UTF8.GetBytes(text.ToString());
            })
        );

        public Task<byte[]> Bytes => _bytes.Value;
    }
}
