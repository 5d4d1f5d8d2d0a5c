using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Anthropic;
using Parley.Streaming.Providers.Demo;
using Parley.Streaming.Providers.Gemini;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Providers.OpenAIResponses;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Tests.Providers;

/// <summary>What belongs to a provider family or a preset besides its code: registration, contract tests, documentation.</summary>
public sealed class ProviderCompletenessTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "providers.md"));

    public static TheoryData<Type> Families =>
        [.. typeof(IProviderFamily).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IProviderFamily)) && !type.IsAbstract)];

    public static TheoryData<string> Presets => [.. OpenAIPreset.All.Select(preset => preset.Name)];

    /// <summary>Settings with the name that a person writes after <c>Providers:&lt;name&gt;:</c>.</summary>
    public static TheoryData<string> Settings =>
        [
            .. new[]
            {
                typeof(HttpProviderOptions),
                typeof(OpenAIProviderOptions),
                typeof(AnthropicProviderOptions),
                typeof(GeminiProviderOptions),
                typeof(OpenAIResponsesProviderOptions),
                typeof(DemoOptions),
            }
                .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
                .Select(property => property.Name)
                .Where(name => name != "EqualityContract")
                .Distinct(),
        ];

    [Theory]
    [MemberData(nameof(Families))]
    public void Family_OfProviders_IsRegisteredTestedAndDocumented(Type type)
    {
        using var services = new ServiceCollection()
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddProviders(new ConfigurationBuilder().Build())
            .BuildServiceProvider();
        var family = services.GetServices<IProviderFamily>().FirstOrDefault(one => one.GetType() == type);
        Assert.True(family is not null, $"{type.Name} is not registered. Add it to AddProviders.");

        var folder = type.Namespace!.Split('.')[^1];
        var contracts = typeof(ProviderCompletenessTests)
            .Assembly.GetTypes()
            .Where(test =>
                test.IsSubclassOf(typeof(ModelProviderContract)) && test.Namespace!.EndsWith("." + folder, StringComparison.Ordinal)
            );
        Assert.True(contracts.Any(), $"{type.Name} has no contract tests. Derive from ModelProviderContract in Providers/{folder}.");

        Assert.True(
            Page.Contains($"| `{family.Type}`", StringComparison.Ordinal),
            $"The table of families in docs/providers.md has no row for the type '{family.Type}'."
        );
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void Preset_OfTheOpenAIFamily_IsDocumentedWithItsVariableAndDefaultModel(string name)
    {
        var preset = OpenAIPreset.Find(name)!;
        var variable = preset.Variable;
        var row = Page.Split('\n').FirstOrDefault(line => line.StartsWith($"| `{variable}`", StringComparison.Ordinal));
        Assert.True(row is not null, $"docs/providers.md has no row for {variable}.");
        Assert.Contains($"`{preset.Name}`", row, StringComparison.Ordinal);
        if (preset.DefaultModel is { } model)
        {
            Assert.Contains($"`{model}`", row, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Setting_OfAProvider_IsDocumented(string name) =>
        Assert.True(
            Page.Contains($"`{name}`", StringComparison.Ordinal) || Page.Contains($":{name}`", StringComparison.Ordinal),
            $"docs/providers.md does not describe the setting {name}."
        );
}
