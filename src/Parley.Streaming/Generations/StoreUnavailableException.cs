namespace Parley.Streaming.Generations;

/// <summary>
/// The store cannot be reached, is full, or refuses to work now. The same call may succeed later: writers and readers wait and repeat it.
/// </summary>
public class StoreUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);
