using System.Reflection;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>Statuses and finish reasons are stored and are part of the API.</summary>
public sealed class GenerationStatusTests
{
    [Theory]
    [InlineData(GenerationStatus.Running, "running")]
    [InlineData(GenerationStatus.Completed, "completed")]
    [InlineData(GenerationStatus.Stopped, "stopped")]
    [InlineData(GenerationStatus.Failed, "failed")]
    [InlineData(GenerationStatus.Interrupted, "interrupted")]
    public void Name_InJsonAndDatabases_IsTheSame(GenerationStatus status, string name)
    {
        Assert.Equal(name, status.Name());
        Assert.Equal(status, GenerationStatusNames.Parse(name));
        Assert.Equal($"\"{name}\"", JsonSerializer.Serialize(status));
        Assert.Equal(status, JsonSerializer.Deserialize<GenerationStatus>($"\"{name}\""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Running")]
    [InlineData("complete")]
    public void Parse_AnyOtherText_Throws(string name) => Assert.Throws<FormatException>(() => GenerationStatusNames.Parse(name));

    [Fact]
    public void Names_AllStatuses_HaveOne() =>
        Assert.Equal(5, Enum.GetValues<GenerationStatus>().Select(status => status.Name()).Distinct().Count());

    [Fact]
    public void FinishReasons_All_ArePinned()
    {
        var reasons = typeof(FinishReasons)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!);
        Assert.Equal(["content-filter", "error", "length", "stop", "stopped", "tool-calls"], reasons.Order(StringComparer.Ordinal));
    }
}
