using System.Text;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Generations;

/// <summary>The stable code of a provider's failure, as clients and logs see it: <c>provider_stalled</c> for <see cref="ProviderFailure.Stalled"/>.</summary>
internal static class FailureCodes
{
    private static readonly Dictionary<ProviderFailure, string> Codes = Enum.GetValues<ProviderFailure>()
        .ToDictionary(failure => failure, Snake);

    public static string Of(ProviderFailure failure) => Codes[failure];

    private static string Snake(ProviderFailure failure)
    {
        var code = new StringBuilder("provider");
        foreach (var letter in failure.ToString())
        {
            if (char.IsUpper(letter))
            {
                code.Append('_');
            }

            code.Append(char.ToLowerInvariant(letter));
        }

        return code.ToString();
    }
}
