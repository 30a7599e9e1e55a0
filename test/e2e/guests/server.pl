use strict; use IO::Socket::INET; $| = 1;
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 16, ReuseAddr => 1) or die $!;
$SIG{TERM} = sub { exit 0 };
print "listening\n";
while (my $client = $server->accept) {
  while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/; }
  my $body = "$ENV{GREETING} from $ENV{HOSTNAME}\n";
  print $client "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
  close $client;
}
