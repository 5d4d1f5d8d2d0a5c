using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>
/// Golden files: the bytes that clients rely on, several cases in a file, each under a line with its title. <c>PARLEY_GOLDEN=write</c>
/// rewrites the files: review what changed.
/// </summary>
internal static class GoldenCases
{
    public static void AssertEqual(string file, IEnumerable<(string Title, byte[] Bytes)> cases, [CallerFilePath] string source = "")
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var (title, content) in cases)
        {
            bytes.Write(Encoding.UTF8.GetBytes($"# {title}\n"));
            bytes.Write(content);
            if (content is not [.., (byte)'\n'])
            {
                bytes.Write("\n"u8);
            }
        }

        var folder = Path.GetDirectoryName(source)!;
        while (Path.GetFileName(folder) != "WireFormats")
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        var path = Path.Combine(folder, "Golden", file);
        if (Environment.GetEnvironmentVariable("PARLEY_GOLDEN") == "write")
        {
            File.WriteAllBytes(path, bytes.WrittenSpan);
        }

        Assert.Equal(Encoding.UTF8.GetString(File.ReadAllBytes(path)), Encoding.UTF8.GetString(bytes.WrittenSpan));
    }
}
