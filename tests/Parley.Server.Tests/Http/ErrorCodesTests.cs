using System.Reflection;
using System.Text.RegularExpressions;
using Parley.Server.Compatibility.OpenAI;
using Parley.Server.Http.Errors;
using Parley.Server.OpenApi;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

/// <summary>Error codes are part of the API: the code, the page and the routes have the same ones.</summary>
public sealed partial class ErrorCodesTests(ParleyServer server)
{
    [Fact]
    public void Codes_OfTheServer_AreThoseOfThePage()
    {
        var table = Section("### Errors", "A generation that fails")
            .Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal));
        var documented = table.SelectMany(line => CodesIn(line.Split('|')[2])).ToList();
        Assert.Equal(documented.Distinct(), documented);
        Assert.Equal(Constants(typeof(ErrorCodes)).Where(code => !IsOfGenerationAlone(code)).Order(), documented.Order());
    }

    [Fact]
    public void Codes_OfGenerations_AreThoseOfThePage()
    {
        var documented = CodesIn(Section("A generation that fails", "### Idempotency")).Where(code => code != "provider_");
        Assert.Equal(
            [.. Constants(typeof(ErrorCodes)).Where(ErrorCodes.IsOfGeneration).Where(code => !IsOfProvider(code)).Order()],
            documented.Where(code => !IsOfProvider(code)).Order()
        );
    }

    [Fact]
    public void Codes_OfTheOpenAIApi_AreThoseOfThePage() =>
        Assert.Equal(
            Constants(typeof(OpenAIErrorCodes)).Order(),
            CodesIn(Section("### Error codes of OpenAI", "### `GET /v1/models`")).Order()
        );

    [Fact]
    public void Codes_ThatRoutesDeclare_AreConstants()
    {
        var known = Constants(typeof(ErrorCodes)).Concat(Constants(typeof(OpenAIErrorCodes))).ToHashSet();
        var declared = Route
            .Endpoints(server)
            .SelectMany(endpoint => endpoint.Metadata.GetOrderedMetadata<ErrorMetadata>())
            .SelectMany(error => error.Codes)
            .ToHashSet();
        Assert.True(declared.Count > 30);
        Assert.Empty(declared.Except(known));
    }

    /// <summary>All codes of the server, and those of its dialects.</summary>
    internal static bool IsKnown(string code) => Known.Contains(code) || IsOfProvider(code);

    private static readonly HashSet<string> Known = [.. Constants(typeof(ErrorCodes)), .. Constants(typeof(OpenAIErrorCodes))];

    private static bool IsOfProvider(string code) => code.StartsWith("provider_", StringComparison.Ordinal);

    private static bool IsOfGenerationAlone(string code) => ErrorCodes.IsOfGeneration(code) && code != ErrorCodes.InternalError;

    private static IReadOnlyList<string> Constants(Type type) =>
        [
            .. type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Where(field => field.IsLiteral)
                .Select(field => (string)field.GetRawConstantValue()!),
        ];

    private static string Section(string from, string to)
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "api.md"));
        var start = page.IndexOf(from, StringComparison.Ordinal) + from.Length;
        return page[start..page.IndexOf(to, start, StringComparison.Ordinal)];
    }

    private static IEnumerable<string> CodesIn(string text) => Code().Matches(text).Select(match => match.Groups[1].Value);

    [GeneratedRegex("`([a-z]+(?:_[a-z]+)*_?)`")]
    private static partial Regex Code();
}
