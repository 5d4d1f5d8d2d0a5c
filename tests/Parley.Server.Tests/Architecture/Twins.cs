#pragma warning disable IDE0130, CA1823, CA1852, IDE0051 // Types that break the rules on purpose, each in the namespace that its rule is about.

namespace Parley.Server.Tests.Architecture.Twins.Circle.First
{
    internal sealed class One
    {
        public Second.Two? Other { get; set; }
    }
}

namespace Parley.Server.Tests.Architecture.Twins.Circle.Second
{
    internal sealed class Two
    {
        public First.One? Other { get; set; }
    }
}

namespace Parley.Server.Tests.Architecture.Twins.Features.First
{
    internal sealed class One
    {
        public Second.Two? Other { get; set; }
    }
}

namespace Parley.Server.Tests.Architecture.Twins.Features.Second
{
    internal sealed class Two;
}

namespace Parley.Server.Tests.Architecture.Twins.Generations
{
    internal sealed class Starter
    {
        public Features.Second.Two? Feature { get; set; }
    }
}

namespace Parley.Server.Tests.Architecture.Twins.Identity
{
    internal sealed class Keys
    {
        public Microsoft.Data.Sqlite.SqliteConnection? Connection { get; set; }
    }
}
