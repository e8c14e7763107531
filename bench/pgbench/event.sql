\set again random(1, 11)
select bench.take(:body, :again = 1) as n \gset
select bench.move(:n);
select bench.change(:n);
