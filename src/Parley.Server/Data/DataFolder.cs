namespace Parley.Server.Data;

/// <summary>The folder of the signing keys and, with SQLite, of the database.</summary>
internal static class DataFolder
{
    /// <summary>Creates it where it is missing. What it holds is readable by the server's user alone.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
