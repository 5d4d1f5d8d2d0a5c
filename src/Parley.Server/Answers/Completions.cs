namespace Parley.Server.Answers;

/// <summary>Answers that programs ask for without wanting them kept.</summary>
public static class Completions
{
    /// <summary>How long one can still be followed, retrieved and retried.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromHours(24);

    /// <summary>The same, where the client said that it must not be stored: as long as a retry may take to find it.</summary>
    public static readonly TimeSpan RetryWindow = TimeSpan.FromMinutes(10);
}
