using Microsoft.Extensions.Configuration;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Routing;

/// <summary>Reads <see cref="RoutingOptions"/>: first the families' own provider names, then the other sections.</summary>
internal static class RoutingConfiguration
{
    public static void Load(IConfiguration configuration, IEnumerable<IProviderFamily> families, RoutingOptions options)
    {
        IProviderFamily[] all = [.. families];
        if (all.GroupBy(family => family.Type, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InvalidOperationException($"Two provider families have the type '{twice.Key}'.");
        }

        var sections = configuration.GetSection("Providers");
        var names = all.SelectMany(family => family.KnownProviders)
            .Select(known => known.Name)
            .Concat(sections.GetChildren().Select(child => child.Key.ToLowerInvariant()))
            .Distinct(StringComparer.Ordinal);
        List<ConfiguredProvider> providers = [];
        foreach (var name in names)
        {
            var source = new ProviderSource(name, sections.GetSection(name), configuration);
            if (FamilyOf(source, all) is not { } family)
            {
                options.Errors.Add(
                    $"{source.Setting("Type")} is '{source.Section["Type"]}'. "
                        + $"Type one of: {string.Join(", ", all.Select(family => family.Type))}."
                );
            }
            else if (family.Configure(source) is { } setup)
            {
                providers.Add(new ConfiguredProvider(name, family, setup));
            }
            else if (family.KnownProviders.FirstOrDefault(known => known.Name == name) is { } known)
            {
                options.Unconfigured.Add(known);
            }
        }

        foreach (var provider in providers.OrderBy(provider => provider.Family.IsBuiltIn))
        {
            options.Providers.Add(provider);
        }

        options.DefaultModel = configuration["Models:Default"];
        foreach (var alias in configuration.GetSection("Models:Aliases").GetChildren())
        {
            if (!string.IsNullOrWhiteSpace(alias.Value))
            {
                options.Aliases[alias.Key] = alias.Value.Trim();
            }
        }
    }

    private static IProviderFamily? FamilyOf(ProviderSource source, IProviderFamily[] families)
    {
        var type = source.Section["Type"]?.Trim();
        return string.IsNullOrEmpty(type)
            ? Array.Find(families, family => family.KnownProviders.Any(known => known.Name == source.Name))
                ?? Array.Find(families, family => family.IsDefault)
            : Array.Find(families, family => family.Type.Equals(type, StringComparison.OrdinalIgnoreCase));
    }
}
